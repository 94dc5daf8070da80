import OpenFlow
import Switch

extension ConfigurationReader {
    /// A bridge's controllers and how connections to them are kept.
    mutating func controllers(_ fields: Fields) -> ControllerSettings {
        var result = ControllerSettings()
        for (path, text) in words("controllers", fields) {
            do throws(ControllerTargetError) {
                result.targets.append(try ControllerTarget(text))
            } catch { report(path, error.description) }
        }
        let versions = words("openflow-versions", fields)
        if fields.has("openflow-versions") {
            result.versions = []
            for (path, text) in versions {
                if ControllerSettings.versionNames.contains(text) {
                    result.versions.append(text)
                } else {
                    let known = ControllerSettings.versionNames
                    report(
                        path, "'\(text)' is no version: \(known.joined(separator: ", "))"
                            + Suggestion.text(for: text, among: known))
                }
            }
            if result.versions.isEmpty { report(fields.path("openflow-versions"), "at least one version is needed") }
        }
        if let text = text("inactivity-probe-seconds", fields) {
            if let seconds = Double(text), seconds >= 0, seconds <= 86400 {
                result.inactivityProbeSeconds = seconds
            } else {
                report(fields.path("inactivity-probe-seconds"), "'\(text)' is no number of seconds: 0 to 86400")
            }
        }
        if let backoff = number("maximum-backoff-ms", fields, as: Int.self) {
            if backoff < 1 || backoff > 3_600_000 {
                report(fields.path("maximum-backoff-ms"), "\(backoff) is out of range: 1 to 3600000")
            }
            result.maximumBackoffMilliseconds = backoff
        }
        return result
    }

    /// A list of words.
    private mutating func words(_ key: String, _ fields: Fields) -> [(path: ConfigurationPath, text: String)] {
        list(key, fields).compactMap { path, node in
            guard case .scalar(let text) = node.content else {
                report(path, "\(node.kind) stands where a word was expected")
                return nil
            }
            return (path, text)
        }
    }

    /// The files for TLS, of which all three are needed.
    mutating func tls(_ root: Fields) -> TLSSettings? {
        guard let fields = section("tls", root, known: ["certificate", "private-key", "authority"]) else { return nil }
        let certificate = filePath("certificate", fields, required: "certificate: switch.pem")
        let key = filePath("private-key", fields, required: "private-key: switch-key.pem")
        let authority = filePath("authority", fields, required: "authority: ca.pem")
        guard let certificate, let key, let authority else { return nil }
        return TLSSettings(certificate: certificate, privateKey: key, authority: authority)
    }
}
