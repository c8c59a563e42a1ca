"""The facilitators' YAML: reading, schema, rules, problems said in French with file and line."""
