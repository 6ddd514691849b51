"""The product's version, for the texts that name it; the same as the package's."""

VERSION = "0.1.0"
