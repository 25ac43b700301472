"""Who asks and what they may do: tokens, signatures, the permissions of chapter 9."""
