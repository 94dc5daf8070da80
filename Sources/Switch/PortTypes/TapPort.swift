import DPDK
import Datapath

extension PortOpening {
    /// `tap`: a kernel tap interface, made by opening it and gone when the port goes.
    func openTap(_ interface: String) throws -> OpenPort {
        try InterfaceName.check(interface)
        return try openDevice("net_tap_\(interface),iface=\(interface)")
    }

    /// `af-packet`: a kernel interface that exists already.
    func openAFPacket(_ interface: String) throws -> OpenPort {
        try InterfaceName.check(interface)
        return try openDevice("net_af_packet_\(interface),iface=\(interface)")
    }
}

/// Names of kernel network interfaces.
enum InterfaceName {
    /// Refuses what the kernel would refuse, or what would end DPDK's device arguments early.
    static func check(_ name: String) throws(SwitchError) {
        let isClean = name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 44 && $0 != 47 && $0 != 58 && $0 != 61 }
        if name.isEmpty || name.utf8.count > 15 || !isClean {
            throw SwitchError("'\(name)' is no interface name: 1 to 15 characters without spaces, ',', '/', ':' or '='")
        }
    }
}
