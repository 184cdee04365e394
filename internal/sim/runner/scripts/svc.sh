#!/bin/bash
echo "the simulated runner is no service"
exit 1
