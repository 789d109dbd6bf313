"""The contract of AIML and Apilaplas: two calls and a request log, payloads as types, errors by what to do next."""
