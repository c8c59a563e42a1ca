"""The facilitators' YAML: reading, schema, rules, problems in French with file and line."""
