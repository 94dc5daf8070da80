// The C libraries that capture files are read with: libpcap for the formats, zlib for gzip.
#pragma once
#define _GNU_SOURCE 1
#include <pcap/pcap.h>
#include <stdio.h>
#include <zlib.h>
