//! The forms a file of samples may have.

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// By the name's ending, else by the first line
    #[default]
    Auto,
    /// `{"name", "value", "timestamp"}`, in an array or line by line
    Json,
    /// A header line, then a sample per row, or a value per column
    Csv,
    /// Lines of `name value [timestamp]`
    Graphite,
    /// InfluxDB's lines of `name,tag=value field=1 [nanoseconds]`
    Influx,
    /// Graphite's `raw`: lines of `name,start,end,step|value,value`
    Raw,
}
