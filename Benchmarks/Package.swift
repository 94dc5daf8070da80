// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The same instruction set as in ../Package.swift: the rooms' inlinable code is compiled here once more.
#if arch(x86_64)
let defaultMarch = "x86-64-v3"
let multiarch = "x86_64-linux-gnu"
#else
let defaultMarch = "armv8-a+crc"
let multiarch = "aarch64-linux-gnu"
#endif
let march = ProcessInfo.processInfo.environment["EVS_MARCH"] ?? defaultMarch
let machine: [SwiftSetting] = [
    .unsafeFlags(
        ["-march=\(march)", "-I/usr/include/dpdk", "-I/usr/include/\(multiarch)/dpdk"].flatMap { ["-Xcc", $0] })
]

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "evs", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Rooms",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "Packet", package: "evs"),
                .product(name: "OpenFlow", package: "evs"),
                .product(name: "FlowTable", package: "evs"),
                .product(name: "Datapath", package: "evs"),
                .product(name: "DPDK", package: "evs"),
                .product(name: "Switch", package: "evs"),
            ],
            path: "Benchmarks/Rooms", swiftSettings: machine,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
