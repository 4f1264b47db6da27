#!/bin/bash
# {{ nextworkflow }} {{ points }} {{ over }} {{ restart }} {{ state }} {{ step }} {{ name }} {{ verbose }} {{ quietly }}
# {{ why }}
