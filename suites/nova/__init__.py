"""Rules of the native OpenStack Nova APIs (chapter 6)."""
