extension Action {
    /// So many clones may stand in one another.
    public static let mostNestedClones = 32

    fileprivate var isClone: Bool { if case .clone = self { true } else { false } }

    /// Whether a clone may hold it, and not only a flow.
    public var mayStandInClone: Bool {
        switch self {
        case .meter, .conjunction: false
        default: true
        }
    }
}

extension [Action] {
    /// The actions, each clone followed by those inside of it.
    public var flattened: [Action] {
        if !contains(where: \.isClone) { return self }
        return flatMap { action in
            if case .clone(let inner) = action { [action] + inner.flattened } else { [action] }
        }
    }
}
