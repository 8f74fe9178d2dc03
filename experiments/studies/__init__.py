"""Studies: many variants, few of which are worth a long replay."""
