// The parts of the shim that are too long to be inline. All of it is for the control side.
#define _GNU_SOURCE 1
#include "cdpdk.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

static FILE *environment_log;

// DPDK finds pools and rings by name, in one space for the process and 26 characters long at most. A number makes each
// name unique, so that a process may have several switches, and ports names of any length.
static const char *unique_name(char text[26], const char *name) {
    static atomic_uint last;
    snprintf(text, 26, "%.14s-%x", name, atomic_fetch_add(&last, 1));
    return text;
}

// MARK: Packet buffers

struct rte_mempool *evs_pool_create(const char *name, unsigned count, unsigned cache, uint16_t data_room, int socket) {
    char unique[26];
    return rte_pktmbuf_pool_create(unique_name(unique, name), count, cache, 0, data_room, socket);
}

void evs_pool_free(struct rte_mempool *pool) { rte_mempool_free(pool); }

unsigned evs_pool_available(const struct rte_mempool *pool) { return rte_mempool_avail_count(pool); }

// MARK: Ethernet devices

int evs_device_attach(const char *devargs) {
    struct rte_dev_iterator iterator;
    uint16_t port;
    int error = rte_dev_probe(devargs);
    if (error < 0) return error;
    // The newest port that these arguments name.
    int found = -ENODEV;
    RTE_ETH_FOREACH_MATCHING_DEV(port, devargs, &iterator) found = port;
    if (found >= 0) return found;
    // Matching by arguments knows keys of the ethdev class only; a virtual device goes by its name.
    char name[RTE_ETH_NAME_MAX_LEN];
    size_t length = strcspn(devargs, ",");
    if (length >= sizeof name) return -ENAMETOOLONG;
    memcpy(name, devargs, length);
    name[length] = 0;
    return rte_eth_dev_get_port_by_name(name, &port) == 0 ? port : -ENODEV;
}

int evs_device_detach(uint16_t port) {
    struct rte_eth_dev_info info;
    int error = rte_eth_dev_info_get(port, &info);
    if (error < 0) return error;
    struct rte_device *device = info.device;
    rte_eth_dev_close(port);
    return device == NULL ? 0 : rte_dev_remove(device);
}

int evs_device_from_rings(const char *name, struct rte_ring *receive, struct rte_ring *transmit) {
    unsigned socket = rte_socket_id() == (unsigned)SOCKET_ID_ANY ? 0 : rte_socket_id();
    int port = rte_eth_from_rings(name, &receive, 1, &transmit, 1, socket);
    return port >= 0 ? port : -rte_errno;
}

// The largest MTU, at most `wanted`, that the device takes: rte_eth_dev_configure() refuses one whose frame is longer
// than max_rx_pktlen, also where max_mtu says nothing of it (net_tap: 1522 bytes, max_mtu 65535).
static uint16_t possible_mtu(const struct rte_eth_dev_info *info, uint16_t wanted) {
    uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN, mtu = wanted;
    if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
        overhead = info->max_rx_pktlen - info->max_mtu;
    if (info->max_rx_pktlen > overhead) mtu = RTE_MIN(mtu, info->max_rx_pktlen - overhead);
    return RTE_MIN(mtu, info->max_mtu);
}

int evs_device_start(uint16_t port, uint16_t rx_queues, uint16_t tx_queues, struct rte_mempool *pool, uint16_t mtu) {
    struct rte_eth_dev_info info;
    struct rte_eth_conf configuration = {0};
    int error = rte_eth_dev_info_get(port, &info);
    if (error < 0) return error;
    // Shared and chained buffers are sent; drivers that must be told are told.
    configuration.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    configuration.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
    mtu = possible_mtu(&info, mtu);
    if (mtu >= info.min_mtu) configuration.rxmode.mtu = mtu;
    uint16_t rx_slots = 2048, tx_slots = 2048;
    if ((error = rte_eth_dev_configure(port, rx_queues, tx_queues, &configuration)) < 0) return error;
    if ((error = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx_slots, &tx_slots)) < 0) return error;
    int socket = rte_eth_dev_socket_id(port);
    for (uint16_t queue = 0; queue < rx_queues; queue++)
        if ((error = rte_eth_rx_queue_setup(port, queue, rx_slots, socket, NULL, pool)) < 0) return error;
    for (uint16_t queue = 0; queue < tx_queues; queue++)
        if ((error = rte_eth_tx_queue_setup(port, queue, tx_slots, socket, NULL)) < 0) return error;
    if ((error = rte_eth_dev_start(port)) < 0) return error;
    rte_eth_promiscuous_enable(port); // a device that can't is one that takes everything already
    return 0;
}

void evs_device_stop(uint16_t port) { rte_eth_dev_stop(port); }

uint16_t evs_device_transmit_queue_limit(uint16_t port) {
    struct rte_eth_dev_info info;
    return rte_eth_dev_info_get(port, &info) < 0 || info.max_tx_queues == 0 ? 1 : info.max_tx_queues;
}

int evs_device_socket(uint16_t port) { return rte_eth_dev_socket_id(port); }

bool evs_device_link_up(uint16_t port) {
    struct rte_eth_link link;
    return rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

int evs_device_mac(uint16_t port, uint8_t mac[6]) {
    struct rte_ether_addr address;
    int error = rte_eth_macaddr_get(port, &address);
    if (error == 0) memcpy(mac, address.addr_bytes, 6);
    return error;
}

// MARK: Rings

struct rte_ring *evs_ring_create(const char *name, unsigned count, int socket, bool single_producer) {
    char unique[26];
    return rte_ring_create(
        unique_name(unique, name), count, socket, RING_F_SC_DEQ | (single_producer ? RING_F_SP_ENQ : 0));
}

void evs_ring_free(struct rte_ring *ring) { rte_ring_free(ring); }

// MARK: Environment and threads

int evs_environment_start(int argc, char **argv) {
    int file = memfd_create("dpdk-log", 0);
    if (file >= 0 && (environment_log = fdopen(file, "w+")) != NULL) {
        setvbuf(environment_log, NULL, _IONBF, 0);
        rte_openlog_stream(environment_log);
    }
    int result = rte_eal_init(argc, argv);
    return result < 0 ? -rte_errno : 0;
}

int evs_last_error(void) { return rte_errno; }

void evs_environment_stop(void) { rte_eal_cleanup(); }

void evs_environment_log(char *text, size_t capacity) {
    text[0] = 0;
    if (environment_log == NULL) return;
    int file = fileno(environment_log);
    off_t size = lseek(file, 0, SEEK_END);
    off_t start = size < (off_t)capacity ? 0 : size - (off_t)(capacity - 1);
    ssize_t count = pread(file, text, capacity - 1, start);
    text[count < 0 ? 0 : count] = 0;
}

int evs_environment_timestamp_offset(void) {
    int offset;
    int error = rte_mbuf_dyn_rx_timestamp_register(&offset, NULL);
    return error < 0 ? -rte_errno : offset;
}

struct thread_start {
    void (*body)(void *);
    void *context;
};

static void *thread_main(void *argument) {
    struct thread_start start = *(struct thread_start *)argument;
    free(argument);
    // A thread unknown to DPDK would have no pool cache of its own.
    rte_thread_register();
    start.body(start.context);
    rte_thread_unregister();
    return NULL;
}

int evs_thread_start(pthread_t *thread, const char *name, int core, void (*body)(void *), void *context) {
    pthread_attr_t attributes;
    struct thread_start *start = malloc(sizeof *start);
    if (start == NULL) return ENOMEM;
    start->body = body;
    start->context = context;
    pthread_attr_init(&attributes);
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (core >= 0) CPU_SET(core, &cores);
    else for (int each = 0; each < CPU_SETSIZE; each++) CPU_SET(each, &cores);
    pthread_attr_setaffinity_np(&attributes, sizeof cores, &cores);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    int error = pthread_create(thread, &attributes, thread_main, start);
    pthread_attr_destroy(&attributes);
    if (error != 0) free(start);
    else if (name != NULL) pthread_setname_np(*thread, name);
    return error;
}

void evs_thread_unbind(const int *cores, size_t count) {
    cpu_set_t others;
    int free_cores = 0;
    CPU_ZERO(&others);
    for (int each = 0; each < CPU_SETSIZE; each++) {
        bool taken = false;
        for (size_t i = 0; i < count; i++) taken |= cores[i] == each;
        if (!taken) CPU_SET(each, &others);
        free_cores += !taken && evs_core_exists(each);
    }
    if (free_cores == 0)
        for (int each = 0; each < CPU_SETSIZE; each++) CPU_SET(each, &others);
    pthread_setaffinity_np(pthread_self(), sizeof others, &others);
}

uint64_t evs_thread_run_nanoseconds(int tid) {
    char path[64];
    unsigned long long run = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%llu", &run) != 1) run = 0;
    fclose(file);
    return run;
}

int evs_thread_id(void) { return (int)syscall(SYS_gettid); }

void evs_thread_sleep_microseconds(unsigned microseconds) { usleep(microseconds); }

int evs_event_create(void) {
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return event < 0 ? -errno : event;
}

void evs_event_clear(int event) {
    uint64_t count;
    ssize_t ignored = read(event, &count, sizeof count);
    (void)ignored;
}

void evs_event_close(int event) { close(event); }

// As the process was started: EAL later binds the main thread to one core.
static cpu_set_t initial_cores;

__attribute__((constructor)) static void remember_cores(void) {
    if (sched_getaffinity(0, sizeof initial_cores, &initial_cores) != 0) CPU_SET(0, &initial_cores);
}

bool evs_core_exists(int core) { return core >= 0 && core < CPU_SETSIZE && CPU_ISSET(core, &initial_cores); }

int evs_core_socket(int core) {
    int socket = numa_available() < 0 ? 0 : numa_node_of_cpu(core);
    return socket < 0 ? 0 : socket;
}

// Less than this comes from the heap: to map a page costs more than most small tables do.
enum { smallest_mapping = 1 << 16, huge_page = 2 << 20 };

void *evs_pages_allocate(size_t bytes, int socket) {
    if (bytes < smallest_mapping) {
        void *memory = aligned_alloc(64, bytes);
        return memory ? memset(memory, 0, bytes) : NULL;
    }
    // Huge pages are for what begins on their boundary: map more, and give back what is over.
    size_t over = bytes >= huge_page ? huge_page : 0;
    char *memory = mmap(
        NULL, bytes + over, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    if (over) {
        size_t before = -(uintptr_t)memory & (huge_page - 1);
        if (before) munmap(memory, before);
        memory += before;
        munmap(memory + bytes, over - before);
        madvise(memory, bytes, MADV_HUGEPAGE); // only a wish
    }
    if (socket >= 0 && numa_available() >= 0) numa_tonode_memory(memory, bytes, socket);
    return memory;
}

void evs_pages_free(void *address, size_t bytes) {
    if (bytes < smallest_mapping) free(address); else munmap(address, bytes);
}
