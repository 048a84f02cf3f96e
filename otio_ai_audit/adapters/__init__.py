"""OpenTimelineIO adapters: what DaVinci Resolve writes, for every program that uses OpenTimelineIO."""
