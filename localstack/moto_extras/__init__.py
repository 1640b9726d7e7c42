"""What moto lacks of its services' operations, added to moto's own server."""
