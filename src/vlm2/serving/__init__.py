"""The server: sessions of one loaded model for several clients, over HTTP and the Model Context Protocol."""
