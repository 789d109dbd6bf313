"""Who looks at a job next. An engine may run a step twice; the job's own compare-and-set makes that harmless."""
