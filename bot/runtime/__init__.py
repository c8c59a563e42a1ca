"""What any service needs, independent of the product: lanes, web server, logs, metrics."""
