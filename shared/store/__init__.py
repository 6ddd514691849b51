"""All state, in DynamoDB: one module per kind of thing, each a small class over `Database`."""
