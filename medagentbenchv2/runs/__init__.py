"""A campaign: many rollouts of one agent or model, with what is written, resumed and judged again."""
