// The C libraries that capture files are read with: libpcap for the formats, zlib for gzip, and the C library's
// streams on functions of one's own, through which libpcap is fed.
#pragma once
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/types.h>
#include <zlib.h>

// fopencookie(3) is hidden from Swift: the module of the C library is built without _GNU_SOURCE. So it is declared
// again under another name, with the layout of cookie_io_functions_t.
struct capture_stream_functions {
    ssize_t (*read)(void *cookie, char *buffer, size_t size);
    ssize_t (*write)(void *cookie, const char *buffer, size_t size);
    int (*seek)(void *cookie, long long *offset, int whence);
    int (*close)(void *cookie);
};

extern FILE *capture_open_stream(void *cookie, const char *mode, struct capture_stream_functions functions)
    __asm__("fopencookie");
