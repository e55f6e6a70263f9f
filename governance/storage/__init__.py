"""Tables, engine and files: the ground on which every feature stands, knowing none of them."""
