"""Results in the formats of other programs: tables of numbers, event files, tables for papers."""
