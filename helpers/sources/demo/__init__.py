"""What each service answers, in the shapes its documentation gives, about albums that do not exist.

One module for each service; `helpers.sources.demo_server` puts them together. Everything here is hand-made from
documentation, nothing was recorded from a live service, and live services change.
"""
