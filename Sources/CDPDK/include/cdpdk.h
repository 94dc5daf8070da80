// Every DPDK call that evs makes, and no other: the audited list.
//
// A function declared HOT may run in a worker's loop: it takes no lock, allocates nothing outside a pool's per-thread
// cache and never sleeps. Swift's @_noLocks accepts only these. Functions without HOT are for the control side.
#pragma once
#include <rte_config.h>

#include <errno.h>
#include <numa.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_mempool.h>
#include <rte_pause.h>
#include <rte_prefetch.h>
#include <rte_ring.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOT static inline __attribute__((always_inline, swift_attr("@_noLocks")))

// MARK: Time

HOT uint64_t evs_cycles(void) { return rte_rdtsc(); }
HOT void evs_pause(void) { rte_pause(); }

// MARK: Memory

HOT void evs_prefetch(const void *address) { rte_prefetch0(address); }
HOT void evs_prefetch_write(const void *address) { __builtin_prefetch(address, 1); }
HOT void evs_copy(void *to, const void *from, size_t count) { memcpy(to, from, count); }
/// As evs_copy, for frames: most are short, and a call would cost more than the bytes.
HOT void evs_copy_frame(void *to, const void *from, size_t count) {
    if (count < 32 || count > 256) {
        memcpy(to, from, count);
        return;
    }
    uint8_t *target = (uint8_t *)to;
    const uint8_t *source = (const uint8_t *)from;
    for (size_t at = 0; at + 32 < count; at += 32) __builtin_memcpy(target + at, source + at, 32);
    __builtin_memcpy(target + count - 32, source + count - 32, 32);
}
HOT void evs_move(void *to, const void *from, size_t count) { memmove(to, from, count); }
HOT void evs_zero(void *at, size_t count) { memset(at, 0, count); }

// MARK: Packet buffers (rte_mbuf)

HOT void *evs_mbuf_data(const struct rte_mbuf *m) { return (uint8_t *)m->buf_addr + m->data_off; }
HOT uint32_t evs_mbuf_length(const struct rte_mbuf *m) { return m->pkt_len; }
HOT uint32_t evs_mbuf_segment_length(const struct rte_mbuf *m) { return m->data_len; }
HOT struct rte_mbuf *evs_mbuf_next(const struct rte_mbuf *m) { return m->next; }
HOT uint16_t evs_mbuf_headroom(const struct rte_mbuf *m) { return rte_pktmbuf_headroom(m); }
HOT uint16_t evs_mbuf_reference_count(const struct rte_mbuf *m) { return rte_mbuf_refcnt_read(m); }
/// The packet gains `count` further owners in each of its segments.
HOT void evs_mbuf_share(struct rte_mbuf *m, int16_t count) {
    do rte_mbuf_refcnt_update(m, count);
    while ((m = m->next) != NULL);
}
HOT void evs_mbuf_free(struct rte_mbuf *m) { rte_pktmbuf_free(m); }
HOT void evs_mbuf_free_bulk(struct rte_mbuf **m, unsigned n) { rte_pktmbuf_free_bulk(m, n); }
/// A copy with data of its own, all segments; NULL when the pool is empty.
HOT struct rte_mbuf *evs_mbuf_copy(const struct rte_mbuf *m, struct rte_mempool *pool) {
    return rte_pktmbuf_copy(m, pool, 0, UINT32_MAX);
}
/// As evs_mbuf_copy, of the first `count` bytes.
HOT struct rte_mbuf *evs_mbuf_copy_front(const struct rte_mbuf *m, struct rte_mempool *pool, uint32_t count) {
    return rte_pktmbuf_copy(m, pool, 0, count);
}
HOT struct rte_mbuf *evs_mbuf_allocate(struct rte_mempool *pool) { return rte_pktmbuf_alloc(pool); }
/// All `n` or none; 0 on success.
HOT int evs_mbuf_allocate_bulk(struct rte_mempool *pool, struct rte_mbuf **m, unsigned n) {
    return rte_pktmbuf_alloc_bulk(pool, m, n);
}
/// Bytes that one buffer can still hold behind its data.
HOT uint16_t evs_mbuf_tailroom(const struct rte_mbuf *m) { return rte_pktmbuf_tailroom(m); }
/// Makes a lone, empty buffer hold `length` bytes.
HOT void evs_mbuf_set_length(struct rte_mbuf *m, uint16_t length) { m->data_len = length; m->pkt_len = length; }
/// Hangs `tail` (a lone buffer) behind `last`, the last segment of `head`.
HOT void evs_mbuf_append_segment(struct rte_mbuf *head, struct rte_mbuf *last, struct rte_mbuf *tail) {
    last->next = tail;
    head->nb_segs++;
    head->pkt_len += tail->data_len;
}
/// `last`, the last segment of `head`, has got `count` bytes more.
HOT void evs_mbuf_extend(struct rte_mbuf *head, struct rte_mbuf *last, uint16_t count) {
    last->data_len += count;
    head->pkt_len += count;
}
/// Room for `count` bytes in front; NULL when there is none.
HOT void *evs_mbuf_prepend(struct rte_mbuf *m, uint16_t count) { return rte_pktmbuf_prepend(m, count); }
/// Takes `count` bytes from the front of the first segment; NULL when it is shorter.
HOT void *evs_mbuf_remove_front(struct rte_mbuf *m, uint16_t count) { return rte_pktmbuf_adj(m, count); }
HOT uint64_t evs_mbuf_timestamp(const struct rte_mbuf *m, int offset) {
    return *RTE_MBUF_DYNFIELD(m, offset, const rte_mbuf_timestamp_t *);
}
HOT void evs_mbuf_set_timestamp(struct rte_mbuf *m, int offset, uint64_t nanoseconds) {
    *RTE_MBUF_DYNFIELD(m, offset, rte_mbuf_timestamp_t *) = nanoseconds;
}

// MARK: Work left to do on a packet

/// Whether a checksum is to be completed or the packet to be cut into segments.
HOT bool evs_mbuf_has_offload(const struct rte_mbuf *m) { return (m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM) != 0; }
/// What is left to do, in a form of our own, in the field that drivers use for the like.
HOT uint64_t evs_mbuf_offload(const struct rte_mbuf *m) { return m->tx_offload; }
HOT void evs_mbuf_set_offload(struct rte_mbuf *m, uint64_t offload) {
    m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
    m->tx_offload = offload;
}
HOT void evs_mbuf_clear_offload(struct rte_mbuf *m) { m->ol_flags &= ~RTE_MBUF_F_TX_TCP_CKSUM; }

// MARK: Pools

/// A number is added to `name`, of which the first 14 characters count.
struct rte_mempool *evs_pool_create(const char *name, unsigned count, unsigned cache, uint16_t data_room, int socket);
void evs_pool_free(struct rte_mempool *pool);
unsigned evs_pool_available(const struct rte_mempool *pool);

// MARK: Ethernet devices

HOT uint16_t evs_receive(uint16_t port, uint16_t queue, struct rte_mbuf **m, uint16_t n) {
    return rte_eth_rx_burst(port, queue, m, n);
}
HOT uint16_t evs_transmit(uint16_t port, uint16_t queue, struct rte_mbuf **m, uint16_t n) {
    return rte_eth_tx_burst(port, queue, m, n);
}

/// Creates the device (`name,key=value…` or a PCI address); its port number, or a negative errno.
int evs_device_attach(const char *devargs);
/// Removes a device made by evs_device_attach. 0 or a negative errno.
int evs_device_detach(uint16_t port);
/// One port over two rings: what is sent goes to `transmit`, what is received comes from `receive`. Its number, or a
/// negative errno.
int evs_device_from_rings(const char *name, struct rte_ring *receive, struct rte_ring *transmit);
/// Configures and starts with the given queues; every receive queue draws from `pool`. 0 or a negative errno.
int evs_device_start(uint16_t port, uint16_t rx_queues, uint16_t tx_queues, struct rte_mempool *pool, uint16_t mtu);
void evs_device_stop(uint16_t port);
uint16_t evs_device_transmit_queue_limit(uint16_t port);
int evs_device_socket(uint16_t port);
bool evs_device_link_up(uint16_t port);
int evs_device_mac(uint16_t port, uint8_t mac[6]);

// MARK: Rings

HOT unsigned evs_ring_enqueue(struct rte_ring *ring, struct rte_mbuf **m, unsigned n) {
    return rte_ring_enqueue_burst(ring, (void *const *)m, n, NULL);
}
HOT unsigned evs_ring_dequeue(struct rte_ring *ring, struct rte_mbuf **m, unsigned n) {
    return rte_ring_dequeue_burst(ring, (void **)m, n, NULL);
}
HOT unsigned evs_ring_count(const struct rte_ring *ring) { return rte_ring_count(ring); }

/// A number is added to `name`, of which the first 14 characters count.
struct rte_ring *evs_ring_create(const char *name, unsigned count, int socket, bool single_producer);
/// Packets that are still on it are not given back to their pool.
void evs_ring_free(struct rte_ring *ring);

// MARK: Environment and threads

/// rte_eal_init with DPDK's log going to an unnamed file. Negative errno on failure.
int evs_environment_start(int argc, char **argv);
void evs_environment_stop(void);
/// DPDK's rte_errno of the calling thread.
int evs_last_error(void);
/// The newest `capacity - 1` bytes of DPDK's log, terminated.
void evs_environment_log(char *text, size_t capacity);
/// The offset of the receive-timestamp field in packet buffers, or a negative errno.
int evs_environment_timestamp_offset(void);

/// Runs `body(context)` on a new thread bound to `core` (negative: wherever) and known to DPDK. 0 or an errno.
int evs_thread_start(pthread_t *thread, const char *name, int core, void (*body)(void *), void *context);
/// Lets the calling thread run on every core but those of workers; EAL had bound it to one.
void evs_thread_unbind(const int *cores, size_t count);
/// Nanoseconds that a thread of this process has run, from the kernel's scheduler; 0 when not known.
uint64_t evs_thread_run_nanoseconds(int tid);
/// The kernel's number of the calling thread.
int evs_thread_id(void);
HOT void evs_thread_yield(void) { sched_yield(); }
void evs_thread_sleep_microseconds(unsigned microseconds) __attribute__((swift_attr("@_noLocks")));

/// A new eventfd at zero, non-blocking and close-on-exec, or a negative errno.
int evs_event_create(void);
/// Wakes who waits for it. Adds one; can't block.
HOT void evs_event_signal(int event) {
    uint64_t one = 1;
    ssize_t ignored = write(event, &one, sizeof one);
    (void)ignored;
}
/// Sets it back to zero.
void evs_event_clear(int event);
void evs_event_close(int event);

/// Whether a core number may be used by this process.
bool evs_core_exists(int core);
int evs_core_socket(int core);

/// Zeroed memory in whole pages, huge ones where the kernel can, on a NUMA node (negative: any). NULL when refused.
void *evs_pages_allocate(size_t bytes, int socket);
void evs_pages_free(void *address, size_t bytes);
