// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The instruction set that Swift and DPDK's inline functions are compiled for.
// DPDK's headers need at least SSE4.2; EVS_MARCH=native uses all that the building machine has.
#if arch(x86_64)
let multiarch = "x86_64-linux-gnu"
let defaultMarch = "x86-64-v3"
#else
let multiarch = "aarch64-linux-gnu"
let defaultMarch = "armv8-a+crc"
#endif
let march = ProcessInfo.processInfo.environment["EVS_MARCH"] ?? defaultMarch

// SwiftPM can't read Debian's libdpdk.pc, so its include folders stand here.
let dpdkIncludes = ["-I/usr/include/dpdk", "-I/usr/include/\(multiarch)/dpdk"]
let dpdkLibraries = [
    "rte_eal", "rte_ethdev", "rte_mbuf", "rte_mempool", "rte_ring", "rte_net_ring", "rte_kvargs",
    "rte_bus_vdev", "numa",
]
/// Overlapping accesses to objects' fields are looked for where tests run, in debug builds, and cost nothing elsewhere.
let release: [SwiftSetting] = [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]
let machine: [SwiftSetting] = release + [.unsafeFlags(["-Xcc", "-march=\(march)"])]
let machineDPDK: [SwiftSetting] = release + [
    .unsafeFlags((["-march=\(march)"] + dpdkIncludes).flatMap { ["-Xcc", $0] })
]

/// Rooms whose every unsafe expression must say `unsafe`.
let pure: [SwiftSetting] = machine + [
    .strictMemorySafety(), .treatWarning("StrictMemorySafety", as: .error),
]

let package = Package(
    name: "evs",
    products: [.executable(name: "evs", targets: ["evs"])]
        // The rooms are libraries for Benchmarks/ alone; their interfaces promise nothing to others.
        + ["Packet", "OpenFlow", "OpenFlowWire", "FlowTable", "DPDK", "Datapath", "Switch"].map {
            .library(name: $0, targets: [$0])
        },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
    ],
    targets: [
        .systemLibrary(name: "CCapture", path: "Sources/CCapture", providers: [.apt(["libpcap-dev"])]),
        .target(
            name: "CDPDK", path: "Sources/CDPDK",
            exclude: ["README.md"], cSettings: [.unsafeFlags(["-march=\(march)"] + dpdkIncludes)],
            linkerSettings: dpdkLibraries.map { .linkedLibrary($0) }),
        .target(name: "Packet", dependencies: ["CCapture"], exclude: ["README.md"], swiftSettings: pure),
        .target(name: "OpenFlow", dependencies: ["Packet"], exclude: ["README.md"], swiftSettings: pure),
        .target(
            name: "OpenFlowWire", dependencies: ["OpenFlow", "Packet"], exclude: ["README.md"], swiftSettings: pure),
        .target(name: "FlowTable", dependencies: ["OpenFlow", "Packet"], exclude: ["README.md"], swiftSettings: pure),
        .target(name: "CVhost", path: "Sources/CVhost"),
        .target(name: "VhostUser", dependencies: ["CVhost"], exclude: ["README.md"], swiftSettings: machine),
        .target(name: "DPDK", dependencies: ["CDPDK"], exclude: ["README.md"], swiftSettings: machineDPDK),
        .target(
            name: "Datapath", dependencies: ["DPDK", "FlowTable", "Packet", "VhostUser"], exclude: ["README.md"],
            swiftSettings: machineDPDK),
        .target(
            name: "Switch", dependencies: ["VhostUser", "Datapath", "FlowTable", "OpenFlow", "Packet", "DPDK"],
            exclude: ["README.md"], swiftSettings: machineDPDK),
        .target(
            name: "Session",
            dependencies: [
                "OpenFlow", "OpenFlowWire",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["README.md"], swiftSettings: machine),
        .target(
            name: "Control",
            dependencies: [
                "Session", "Switch", "Datapath", "DPDK", "FlowTable", "OpenFlow", "OpenFlowWire", "Packet", "Yams",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["README.md"], swiftSettings: machineDPDK),
        .executableTarget(
            name: "evs",
            dependencies: [
                "Control", "Switch", "Datapath", "FlowTable", "OpenFlow", "Packet", "DPDK",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["README.md"], swiftSettings: machineDPDK),
        .testTarget(name: "PacketTests", dependencies: ["Packet"], swiftSettings: machine),
        .testTarget(name: "OpenFlowTests", dependencies: ["OpenFlow", "Packet"], swiftSettings: machine),
        .testTarget(
            name: "OpenFlowWireTests", dependencies: ["OpenFlowWire", "OpenFlow", "Packet"],
            exclude: ["make-fixtures.py", "make-openvswitch-fixtures.py", "Fixtures"], swiftSettings: machine),
        .testTarget(name: "FlowTableTests", dependencies: ["FlowTable", "OpenFlow", "Packet"], swiftSettings: machine),
        .testTarget(
            name: "DatapathTests",
            dependencies: ["Datapath", "DPDK", "FlowTable", "OpenFlow", "Packet", "TestSupport", "VhostUser"],
            swiftSettings: machineDPDK),
        .testTarget(
            name: "SwitchTests",
            dependencies: ["Switch", "Datapath", "FlowTable", "OpenFlow", "Packet", "DPDK", "TestSupport"],
            swiftSettings: machineDPDK),
        .testTarget(name: "CommandTests", dependencies: ["evs", "TestSupport"], swiftSettings: machineDPDK),
        .testTarget(
            name: "ControlTests",
            dependencies: [
                "Control", "Switch", "DPDK", "OpenFlow", "OpenFlowWire", "FlowTable", "Packet", "evs", "TestSupport",
                "Yams",
            ],
            swiftSettings: machineDPDK),
        .target(
            name: "TestSupport", dependencies: ["DPDK", "Packet", "VhostUser"], path: "Tests/TestSupport",
            swiftSettings: machineDPDK),
        .testTarget(
            name: "VhostUserTests", dependencies: ["VhostUser", "CVhost", "TestSupport"],
            swiftSettings: machineDPDK),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6]
)

// For sanitizers and fuzzers: EVS_ROOMS=pure leaves only the rooms that need no DPDK, their tests and TidyTests.
if ProcessInfo.processInfo.environment["EVS_ROOMS"] == "pure" {
    let rooms = ["Packet", "OpenFlow", "OpenFlowWire", "FlowTable"]
    let kept = Set(rooms + rooms.map { "\($0)Tests" } + ["CCapture", "TidyTests"])
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = []
    package.dependencies = []
}
