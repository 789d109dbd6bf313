"""The music API: its two calls, its payloads as types, its errors by what to do next, one profile per model."""
