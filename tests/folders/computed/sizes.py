def nodes(cores, each):
    return -(-cores // each)
