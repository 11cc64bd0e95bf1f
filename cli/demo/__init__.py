"""The main job on real data, told step by step: publish → adopt → award → redeem."""
