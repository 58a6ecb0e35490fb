"""Tables, figures and the page of a study; reads the records, never trains."""
