import DPDK
@_spi(Workbench) import Datapath
import FlowTable
import OpenFlow
import Packet
import Switch

/// A switch without threads, whose worker's stages are measured one at a time.
enum Bench {
    // Safe: benchmarks run one after the other.
    nonisolated(unsafe) private static var environment: Environment?

    /// A workbench for a bridge with these flows and two ports that take everything.
    static func make(flows: String) throws -> (VirtualSwitch, Workbench) {
        let environment = try environment ?? Environment()
        self.environment = environment
        let vswitch = try VirtualSwitch(environment: environment)
        let bridge = try vswitch.addBridge(name: "br0")
        try bridge.setFlows(FlowText.parseFlows(flows))
        for name in ["p1", "p2"] { try vswitch.addPort(PortConfiguration(name: name, kind: .null), to: bridge) }
        return (vswitch, vswitch.datapath.workbench(bridge: 0))
    }
}
