import CDPDK

/// A DPDK Ethernet device: a network card, or one of DPDK's virtual devices.
public final class EthernetDevice: Sendable {
    /// DPDK's number of the device, for ``receive(port:queue:into:)``.
    public let port: UInt16
    public let name: String
    /// How many transmit queues the device was started with.
    public let transmitQueueCount: Int

    /// Creates a device, gives it queues and starts it.
    ///
    /// - Parameters:
    ///   - devargs: DPDK's device arguments, such as `net_pcap0,rx_pcap=a.pcap` or a PCI address.
    ///   - transmitQueues: queues wanted; the device may have fewer (``transmitQueueCount``).
    ///   - mtu: in bytes; ignored by devices that have none.
    /// - Throws: with DPDK's own words when it refuses the arguments.
    public convenience init(
        devargs: String, pool: PacketPool, transmitQueues: Int, mtu: Int = 9000
    ) throws(DPDKError) {
        let port = evs_device_attach(devargs)
        if port < 0 { throw DPDKError("device '\(devargs)' was refused", code: port) }
        try self.init(port: UInt16(port), name: devargs, pool: pool, transmitQueues: transmitQueues, mtu: mtu)
    }

    /// A device between two rings: what `receive` holds comes in, what is sent goes to `transmit`.
    public convenience init(
        name: String, receive: PacketRing, transmit: PacketRing, pool: PacketPool
    ) throws(DPDKError) {
        let port = evs_device_from_rings(name, receive.raw, transmit.raw)
        if port < 0 { throw DPDKError("ring device '\(name)' was refused", code: port) }
        try self.init(port: UInt16(port), name: name, pool: pool, transmitQueues: 1, mtu: 0)
    }

    private init(port: UInt16, name: String, pool: PacketPool, transmitQueues: Int, mtu: Int) throws(DPDKError) {
        self.port = port
        self.name = name
        let queues = min(max(transmitQueues, 1), Int(evs_device_transmit_queue_limit(port)))
        transmitQueueCount = queues
        let result = evs_device_start(port, 1, UInt16(queues), pool.raw, UInt16(mtu))
        if result < 0 {
            _ = evs_device_detach(port)
            throw DPDKError("device '\(name)' did not start", code: result)
        }
    }

    public var isLinkUp: Bool { evs_device_link_up(port) }

    /// The NUMA node of the device; `nil` when it has none.
    public var socket: Int? {
        let socket = evs_device_socket(port)
        return socket < 0 ? nil : Int(socket)
    }

    /// The device's MAC address, right-aligned.
    public var macAddress: UInt64? {
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0]
        guard evs_device_mac(port, &bytes) == 0 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Stops and removes the device. No worker may still use it.
    public func close() {
        evs_device_stop(port)
        _ = evs_device_detach(port)
    }
}
