import DPDK
import Datapath
import Foundation

extension SwitchConfiguration {
    /// How the switch is made.
    func switchOptions(workerCores: [Int]) -> SwitchOptions {
        var options = SwitchOptions()
        options.datapath.workerCores = workerCores
        options.datapath.idleSleepMicroseconds = workers.idleSleepMicroseconds
        options.datapath.packetBuffers = memory.packetBuffers
        options.macTableCapacity = macTable.capacity
        options.macAgeingSeconds = Double(macTable.ageingSeconds)
        return options
    }

    /// Whether a port is a PCI device, so that DPDK has to look for those.
    fileprivate var namesPCIDevices: Bool {
        bridges.contains { bridge in
            bridge.ports.contains { port in
                if case .dpdk(let devargs) = port.kind { !devargs.hasPrefix("net_") } else { false }
            }
        }
    }
}

extension Environment {
    /// Starts DPDK as a configuration wants it; with what the operator should know.
    static func start(
        _ configuration: SwitchConfiguration, workerCores: [Int], cores: [Int]
    ) throws -> (environment: Environment, notes: [String]) {
        var notes: [String] = []
        var options = EnvironmentOptions()
        options.controlCore = cores.first { !workerCores.contains($0) } ?? cores.first ?? 0
        options.memoryMegabytes = configuration.memory.megabytes
        options.probesPCI = configuration.namesPCIDevices
        if configuration.memory.hugepages != .never {
            let free = Hugepages.freeMegabytes
            options.usesHugepages = free >= configuration.memory.megabytes
            if !options.usesHugepages {
                let advice = "\(free) MB of hugepages are free and \(configuration.memory.megabytes) MB are wanted; "
                    + "give the machine more (echo \(configuration.memory.megabytes / 2) > /proc/sys/vm/nr_hugepages)"
                if configuration.memory.hugepages == .require {
                    throw SwitchError(advice + ", or say hugepages: prefer to run without where there are none")
                }
                notes.append(advice + "; running with ordinary memory, a little slower")
            }
        }
        let environment = try Environment(options)
        // DPDK has bound this thread to the control core; threads started from it would be, too.
        Cores.leaveToWorkers(workerCores)
        return (environment, notes)
    }
}

/// The machine's hugepages.
enum Hugepages {
    /// Of all sizes together.
    static var freeMegabytes: Int {
        let folder = "/sys/kernel/mm/hugepages"
        let sizes = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return sizes.reduce(0) { sum, name in
            let kilobytes = Int(name.dropFirst("hugepages-".count).dropLast("kB".count)) ?? 0
            let text = try? String(contentsOfFile: "\(folder)/\(name)/free_hugepages", encoding: .utf8)
            return sum + (text.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * kilobytes / 1024
        }
    }
}
