"""Raw customer tables in; named, explainable, scorable personas and audience files out."""
