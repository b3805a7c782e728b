"""All that needs no cloud of its own shares this one. A package, since that is what a fixture can live as long as."""
