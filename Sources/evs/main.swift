print("evs")
