"""The folder of knowledge in service: read, watched, examined, published, reported on."""
