/// Where in a configuration something stands: `bridges[0].ports[2].path`.
public struct ConfigurationPath: Sendable, Hashable, CustomStringConvertible {
    /// One step from the outside in.
    public enum Step: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    public private(set) var steps: [Step] = []

    /// The whole configuration.
    public init() {}

    /// The value of a key.
    public func key(_ key: String) -> ConfigurationPath { adding(.key(key)) }

    /// An element of a list, counted from 0.
    public func index(_ index: Int) -> ConfigurationPath { adding(.index(index)) }

    private func adding(_ step: Step) -> ConfigurationPath {
        var path = self
        path.steps.append(step)
        return path
    }

    /// What this stands in; the whole stands in itself.
    public var parent: ConfigurationPath {
        var path = self
        _ = path.steps.popLast()
        return path
    }

    public var description: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}

/// One thing that is wrong with a configuration.
public struct ConfigurationProblem: Error, Sendable, Equatable {
    public let path: ConfigurationPath
    /// What is wrong, and how to mend it.
    public let message: String
    /// Whether the message says by itself where the fault lies: in another file.
    public let isElsewhere: Bool

    public init(_ path: ConfigurationPath, _ message: String, isElsewhere: Bool = false) {
        self.path = path
        self.message = message
        self.isElsewhere = isElsewhere
    }
}
