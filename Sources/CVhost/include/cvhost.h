// What Swift can't say itself of sockets that carry descriptors, of mappings that may fault, and of memory order.
#pragma once
#include <stddef.h>
#include <stdint.h>
