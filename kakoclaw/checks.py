"""System checks of the site: what can only be judged once Django is set up."""
