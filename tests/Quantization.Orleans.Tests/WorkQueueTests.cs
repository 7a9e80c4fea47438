using Quantization.Onnx;

namespace Quantization.Orleans.Tests;

/// <summary>The queue alone, with a clock that the tests move.</summary>
public sealed class WorkQueueTests
{
    private readonly ManualClock _clock = new();
    private readonly WorkQueue _queue;

    public WorkQueueTests() => _queue = new WorkQueue(_clock, new QueueSettings());

    [Fact]
    public void An_item_goes_to_one_worker_and_its_result_to_the_client()
    {
        Submit("a", "b");

        Pull("one").Should().Equal("a");
        Pull("two").Should().Equal("b");
        Pull("three").Should().BeEmpty();
        Succeed("one", "a", 1);
        Wait("a", "b").Outcomes.Should().ContainSingle().Which.Result.Should().Equal(1);
    }

    [Fact]
    public void Of_two_results_the_first_counts()
    {
        Submit("a");
        Pull("one");
        _clock.Pass(5);
        Pull("two").Should().Equal(["a"], "the first worker takes long");

        Succeed("two", "a", 2);
        Succeed("one", "a", 1);

        Wait("a").Outcomes.Should().ContainSingle().Which.Result.Should().Equal(2);
        _queue.Status().Workers.Select(worker => worker.Items).Should().Equal(0, 1);
        _queue.Beat("one", ["a"]).Should().Equal(["a"], "nobody waits for it any more");
    }

    [Fact]
    public void Patience_grows_with_what_others_took()
    {
        Submit("a", "b");
        Pull("one");
        _clock.Pass(10);
        Succeed("one", "a", 1);
        Pull("one").Should().Equal("b");
        _clock.Pass(9);
        Pull("two").Should().BeEmpty();
        _clock.Pass(7);

        Pull("two").Should().Equal("b");
    }

    [Fact]
    public void The_work_of_a_silent_worker_goes_to_others()
    {
        Submit("a");
        Pull("one");
        _clock.Pass(16);

        Pull("two").Should().Equal("a");
        _queue.Status().Workers.Select(worker => worker.Worker.Id).Should().Equal("two");
    }

    [Fact]
    public void An_item_that_ends_five_workers_is_given_up()
    {
        Submit("a");
        for (int i = 0; i < 5; i++)
        {
            Pull($"{i}").Should().Equal("a");
            _clock.Pass(8);
            Wait("a");
            _clock.Pass(8);
        }

        Wait("a").Outcomes.Should().ContainSingle().Which.Failure!.Message.Should().Be(
            "a: 5 workers were lost while they ran it, the last of them 4; see what they wrote before they ended.");
    }

    [Fact]
    public void A_worker_that_was_only_silent_goes_on()
    {
        Submit("a");
        for (int i = 0; i < 6; i++)
        {
            Pull("one");
            _clock.Pass(16);
            Wait("a").Status.Workers.Should().BeEmpty();
            _queue.Beat("one", ["a"]).Should().BeEmpty();
        }

        Pull("two").Should().BeEmpty("the item runs");
        Succeed("one", "a", 1);

        Wait("a").Outcomes.Should().ContainSingle().Which.Result.Should().Equal(1);
    }

    [Fact]
    public void A_failure_of_a_worker_sends_the_item_to_another_and_one_of_the_input_ends_it()
    {
        Submit("a");
        Pull("two", takesShards: false).Should().BeEmpty();
        Pull("one");
        Fail("one", "a", FailureKind.Worker);
        Wait("a").Outcomes.Should().BeEmpty();
        Pull("one").Should().BeEmpty();
        Pull("two").Should().Equal("a");

        Fail("two", "a", FailureKind.Data);

        Wait("a").Outcomes.Should().ContainSingle().Which.Failure!.ToException().Should().BeOfType<InvalidDataException>();
    }

    [Fact]
    public void An_item_that_all_workers_fail_at_fails()
    {
        Submit("a");
        Pull("one");

        Fail("one", "a", FailureKind.Worker);
        _clock.Pass(14);
        Wait("a").Outcomes.Should().BeEmpty("another worker may come");
        _queue.Beat("one", []);
        _clock.Pass(2);

        Wait("a").Outcomes.Should().ContainSingle().Which.Failure!.ToException().Should().BeOfType<IOException>();
    }

    [Fact]
    public void What_failed_for_one_client_is_tried_again_for_another()
    {
        Submit("a");
        Pull("one");
        Fail("one", "a", FailureKind.Worker);
        _clock.Pass(20);
        Wait("a").Outcomes.Should().ContainSingle().Which.Failure.Should().NotBeNull();

        _queue.Exchange(new ClientRequest("second client", [Item("a")], ["a"], null)).Outcomes.Should().BeEmpty();

        Pull("two").Should().Equal("a");
        Succeed("two", "a", 1);
        _queue.Exchange(new ClientRequest("second client", [], ["a"], null)).Outcomes.Should()
            .ContainSingle().Which.Result.Should().Equal(1);
    }

    [Fact]
    public void Another_processor_is_refused_until_all_of_the_first_kind_are_gone()
    {
        Pull("one");
        PullAnswer refused = _queue.Pull(Worker("old") with { Processor = "old" }, true, 1);
        refused.Refusal.Should().StartWith("old has another processor (old) than the first worker (new)");
        _queue.Pull(Worker("any") with { Processor = "old", AllowsOtherProcessors = true }, true, 1).Warning.Should().NotBeNull();
        _clock.Pass(16);

        _queue.Pull(Worker("old") with { Processor = "old" }, true, 1).Refusal.Should().BeNull();
    }

    [Fact]
    public void A_new_queue_takes_the_processor_from_the_client()
    {
        Pull("one");

        _queue.Exchange(new ClientRequest("client", [Item("a")], ["a"], "old"));

        _queue.Pull(Worker("one"), true, 1).Refusal.Should().NotBeNull();
        _queue.Pull(Worker("old") with { Processor = "old" }, true, 1).Items.Should().ContainSingle();
    }

    [Fact]
    public void Work_of_a_client_that_is_gone_is_dropped()
    {
        Submit("a");
        _clock.Pass(61);

        Pull("one").Should().BeEmpty();
        Wait("a").Unknown.Should().Equal("a");
    }

    [Fact]
    public void Results_come_in_answers_that_are_not_too_large()
    {
        Submit("a", "b");
        WorkQueue small = new(_clock, new QueueSettings { MostAnswerBytes = 3 });
        small.Exchange(new ClientRequest("client", [Item("a"), Item("b")], ["a", "b"], null));
        foreach (string id in (string[])["a", "b"])
        {
            small.Pull(Worker("one"), true, 1);
            small.Finish("one", new ItemOutcome(id) { Result = [1, 2] });
        }

        small.Exchange(new ClientRequest("client", [], ["a", "b"], null)).Outcomes.Select(each => each.Id).Should().Equal("a");
        small.Exchange(new ClientRequest("client", [], ["b"], null)).Outcomes.Select(each => each.Id).Should().Equal("b");
    }

    private static WorkerInfo Worker(string id) =>
        new() { Id = id, Name = id, Threads = 1, Cores = 1, MemoryBytes = 1, Processor = "new", Versions = "1" };

    private static QueuedItem Item(string id) => new(WorkKind.Shard, id, 16, [], id);

    private void Submit(params string[] ids) => _queue.Exchange(new ClientRequest("client", [.. ids.Select(Item)], ids, null));

    private ClientAnswer Wait(params string[] ids) => _queue.Exchange(new ClientRequest("client", [], ids, null));

    private string[] Pull(string worker, bool takesShards = true) =>
        [.. _queue.Pull(Worker(worker), takesShards, 1).Items.Select(item => item.Id)];

    private void Succeed(string worker, string id, byte result) => _queue.Finish(worker, new ItemOutcome(id) { Result = [result] });

    private void Fail(string worker, string id, FailureKind kind) =>
        _queue.Finish(worker, new ItemOutcome(id) { Failure = new ItemFailure(kind, "failed") });
}
