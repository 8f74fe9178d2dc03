"""What would happen if: scenarios planned beside the night's plan, and rehearsals of extremes."""
