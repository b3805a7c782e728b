"""All that takes a worker or a server away shares two workers. A package, since that is what a fixture can live as long as."""
