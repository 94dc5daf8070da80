import ArgumentParser
import Datapath

/// The value of `--rate`: `max`, `original`, packets a second (`500000`, `2Mpps`) or bits a second (`10Gbit/s`).
struct RateArgument: ExpressibleByArgument {
    let pace: ReplayPace

    init?(argument: String) {
        switch argument.lowercased() {
        case "max": pace = .maximum
        case "original": pace = .original
        default:
            guard let pace = RateArgument.pace(argument.lowercased()) else { return nil }
            self.pace = pace
        }
    }

    init(_ pace: ReplayPace) { self.pace = pace }

    private static let bitUnits = ["bits/s", "bit/s", "bps", "b/s"]
    private static let packetUnits = ["packets/s", "pps", "p/s", ""]
    private static let prefixes: [(String, Double)] = [("k", 1e3), ("m", 1e6), ("g", 1e9), ("", 1)]

    private static func pace(_ text: String) -> ReplayPace? {
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(number), value > 0, value.isFinite else { return nil }
        let unit = text.dropFirst(number.count).drop { $0 == " " }
        for (prefix, factor) in prefixes where unit.hasPrefix(prefix) {
            let rest = String(unit.dropFirst(prefix.count))
            if bitUnits.contains(rest) { return .bitsPerSecond(value * factor) }
            if packetUnits.contains(rest) { return .packetsPerSecond(value * factor) }
        }
        return nil
    }

    var defaultValueDescription: String { "max" }
}
