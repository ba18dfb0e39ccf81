"""Where covers come from: services, image search, folders, and drawing.

A source finds covers and says on what terms they are (`terms`); `collection` fetches them into a folder, over `http`.
"""
