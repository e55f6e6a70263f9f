"""What is issued: audit PDFs made from frozen snapshots, and the register of every issue."""
