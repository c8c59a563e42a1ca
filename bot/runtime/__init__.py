"""What any service would need: lanes, web server, logs, metrics, event loop; not the product."""
