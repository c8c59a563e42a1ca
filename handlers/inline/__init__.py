"""Results in any chat, for `@bot words`: what is found, and how it is written. Nothing is kept."""
